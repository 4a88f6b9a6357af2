package myelin.compat;

import static myelin.compat.Checks.equal;
import static myelin.compat.Checks.isTrue;

import io.axoniq.axonserver.connector.Registration;
import io.axoniq.axonserver.connector.ReplyChannel;
import io.axoniq.axonserver.connector.ResultStream;
import io.axoniq.axonserver.connector.query.QueryChannel;
import io.axoniq.axonserver.connector.query.QueryDefinition;
import io.axoniq.axonserver.connector.query.QueryHandler;
import io.axoniq.axonserver.connector.query.SubscriptionQueryResult;
import io.axoniq.axonserver.grpc.ErrorMessage;
import io.axoniq.axonserver.grpc.query.QueryRequest;
import io.axoniq.axonserver.grpc.query.QueryResponse;
import io.axoniq.axonserver.grpc.query.QueryUpdate;
import io.axoniq.axonserver.grpc.query.SubscriptionQuery;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

final class QueryChecks {

    private QueryChecks() {
    }

    static void addTo(Checks checks, Server server) {
        QueryChannel first = server.connect("answers-a", "answers-a-1").queryChannel();
        QueryChannel second = server.connect("answers-b", "answers-b-1").queryChannel();
        QueryChannel asking = server.connect("asking", "asking-1").queryChannel();
        checks.add("a query is answered", () -> pointToPoint(first, asking));
        checks.add("a query without handler is answered with AXONIQ-5000", () -> noHandler(asking));
        checks.add("every component that handles a query answers it", () -> scatterGather(first, second, asking));
        checks.add("one failing and one answering component give the answer alone", () -> oneFails(first, second, asking));
        checks.add("a subscription query gives the initial result and then the updates in order", () -> subscription(first, asking));
        checks.add("a thousand subscription queries in a row work", () -> manySubscriptions(first, asking));
    }

    private static void pointToPoint(QueryChannel handler, QueryChannel asking) throws Exception {
        Registration registration = register(handler, "find", new Answering("found:"));
        for (int i = 0; i < 500; i++) {
            try (ResultStream<QueryResponse> results = asking.query(Messages.query("find", "" + i))) {
                QueryResponse answer = results.nextIfAvailable(5, TimeUnit.SECONDS);
                equal("found:" + i, Messages.text(answer.getPayload()));
                equal(null, results.nextIfAvailable(5, TimeUnit.SECONDS));
            }
        }
        registration.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void noHandler(QueryChannel asking) throws Exception {
        try (ResultStream<QueryResponse> results = asking.query(Messages.query("nobody", ""))) {
            equal("AXONIQ-5000", results.nextIfAvailable(5, TimeUnit.SECONDS).getErrorCode());
        }
    }

    private static void scatterGather(QueryChannel first, QueryChannel second, QueryChannel asking) throws Exception {
        Registration one = register(first, "both", new Answering("a"));
        Registration two = register(second, "both", new Answering("b"));
        Set<String> answers = new TreeSet<>();
        try (ResultStream<QueryResponse> results = asking.query(Messages.query("both", ""))) {
            answers.add(Messages.text(results.nextIfAvailable(5, TimeUnit.SECONDS).getPayload()));
            answers.add(Messages.text(results.nextIfAvailable(5, TimeUnit.SECONDS).getPayload()));
            equal(null, results.nextIfAvailable(5, TimeUnit.SECONDS));
        }
        equal(Set.of("a", "b"), answers);
        one.cancel().get(5, TimeUnit.SECONDS);
        two.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void oneFails(QueryChannel first, QueryChannel second, QueryChannel asking) throws Exception {
        Registration one = register(first, "mixed", new Answering("fine"));
        Registration two = register(second, "mixed", (query, replies) -> {
            replies.sendLast(QueryResponse.newBuilder().setRequestIdentifier(query.getMessageIdentifier())
                    .setErrorCode("AXONIQ-5001").setErrorMessage(ErrorMessage.newBuilder().setMessage("broken")).build());
        });
        for (int i = 0; i < 20; i++) {
            try (ResultStream<QueryResponse> results = asking.query(Messages.query("mixed", ""))) {
                int fine = 0;
                for (QueryResponse answer = results.nextIfAvailable(5, TimeUnit.SECONDS); answer != null;
                        answer = results.nextIfAvailable(5, TimeUnit.SECONDS)) {
                    if (answer.getErrorCode().isEmpty()) {
                        fine++;
                    }
                }
                equal(1, fine);
            }
        }
        one.cancel().get(5, TimeUnit.SECONDS);
        two.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void subscription(QueryChannel handler, QueryChannel asking) throws Exception {
        Answering answering = new Answering("initial:");
        Registration registration = register(handler, "watch", answering);
        SubscriptionQueryResult result = asking.subscriptionQuery(Messages.query("watch", "x"), Messages.payload("update", ""), 100, 25);
        Checks.eventually("the handler knows the subscription", () -> answering.subscribers.size() == 1);
        equal("initial:x", Messages.text(result.initialResult().get(5, TimeUnit.SECONDS).getPayload()));
        QueryHandler.UpdateHandler updates = answering.subscribers.values().iterator().next();
        for (int i = 0; i < 60; i++) {
            updates.sendUpdate(QueryUpdate.newBuilder().setPayload(Messages.payload("update", "" + i)).build());
        }
        for (int i = 0; i < 60; i++) {
            equal("" + i, Messages.text(result.updates().nextIfAvailable(5, TimeUnit.SECONDS).getPayload()));
        }
        updates.complete();
        Checks.eventually("the updates end", () -> result.updates().isClosed() && result.updates().peek() == null);
        registration.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void manySubscriptions(QueryChannel handler, QueryChannel asking) throws Exception {
        Answering answering = new Answering("initial:");
        Registration registration = register(handler, "often", answering);
        for (int i = 0; i < 1000; i++) {
            SubscriptionQueryResult result =
                    asking.subscriptionQuery(Messages.query("often", "" + i), Messages.payload("update", ""), 100, 10);
            equal("initial:" + i, Messages.text(result.initialResult().get(5, TimeUnit.SECONDS).getPayload()));
            result.updates().close();
        }
        Checks.eventually("all are unsubscribed", answering.subscribers::isEmpty);
        registration.cancel().get(5, TimeUnit.SECONDS);
    }

    private static Registration register(QueryChannel channel, String name, QueryHandler handler) throws Exception {
        Registration registration = channel.registerQueryHandler(handler, new QueryDefinition(name, String.class));
        registration.awaitAck(5, TimeUnit.SECONDS);
        isTrue(true, name);
        return registration;
    }

    /** Answers with a prefix and the payload of the query, and remembers who wants updates. */
    private static final class Answering implements QueryHandler {

        private final String prefix;
        final Map<String, UpdateHandler> subscribers = new ConcurrentHashMap<>();

        Answering(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public void handle(QueryRequest query, ReplyChannel<QueryResponse> replies) {
            replies.sendLast(Messages.answer(query, prefix + Messages.text(query.getPayload())));
        }

        @Override
        public Registration registerSubscriptionQuery(SubscriptionQuery query, UpdateHandler updates) {
            subscribers.put(query.getSubscriptionIdentifier(), updates);
            return () -> {
                subscribers.remove(query.getSubscriptionIdentifier());
                return java.util.concurrent.CompletableFuture.completedFuture(null);
            };
        }
    }
}
