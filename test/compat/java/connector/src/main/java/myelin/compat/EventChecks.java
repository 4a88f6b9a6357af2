package myelin.compat;

import static myelin.compat.Checks.equal;
import static myelin.compat.Checks.isTrue;

import io.axoniq.axonserver.connector.event.AppendEventsTransaction;
import io.axoniq.axonserver.connector.event.EventChannel;
import io.axoniq.axonserver.connector.event.EventStream;
import io.axoniq.axonserver.grpc.event.Event;
import io.axoniq.axonserver.grpc.event.EventWithToken;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

final class EventChecks {

    private static final Metadata.Key<String> ERROR_CODE =
            Metadata.Key.of("AxonIQ-ErrorCode", Metadata.ASCII_STRING_MARSHALLER);

    private EventChecks() {
    }

    static void addTo(Checks checks, Server server) {
        EventChannel events = server.connect("events", "events-1").eventChannel();
        checks.add("an appended transaction is read back byte for byte", () -> appendAndRead(events));
        checks.add("a transaction that is rolled back leaves nothing", () -> rollback(events));
        checks.add("a wrong sequence number is refused with AXONIQ-2000", () -> conflict(events));
        checks.add("the highest sequence number is the last, -1 for an unknown aggregate", () -> highest(events));
        checks.add("a stream delivers history and then the live tail without a gap", () -> stream(events));
        checks.add("an excluded payload type is not delivered", () -> exclude(events));
        checks.add("tokens: first, last, and by time", () -> tokens(events));
        checks.add("an aggregate is read from its newest snapshot on", () -> snapshots(events));
        checks.add("part of an aggregate is read with both bounds included", () -> range(events));
        checks.add("a scheduled event is published when it is due", () -> schedule(events));
        checks.add("a cancelled event is not published", () -> cancel(events));
        checks.add("a thousand events of one transaction keep their order", () -> large(events));
    }

    private static void appendAndRead(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        Event first = Messages.event(id, 0, "one");
        Event second = Messages.event(id, 1, "two");
        isTrue(events.appendEvents(first, second).get(5, TimeUnit.SECONDS).getSuccess(), "confirmed");
        equal(List.of(first, second), events.openAggregateStream(id).asStream().toList());
    }

    private static void rollback(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        long before = events.getLastToken().get(5, TimeUnit.SECONDS);
        AppendEventsTransaction transaction = events.startAppendEventsTransaction();
        transaction.appendEvent(Messages.event(id, 0, "never"));
        transaction.rollback();
        isTrue(!events.openAggregateStream(id).hasNext(), "nothing is stored");
        equal(before, events.getLastToken().get(5, TimeUnit.SECONDS));
    }

    private static void conflict(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        events.appendEvents(Messages.event(id, 0, "one")).get(5, TimeUnit.SECONDS);
        try {
            events.appendEvents(Messages.event(id, 0, "again")).get(5, TimeUnit.SECONDS);
            throw new AssertionError("a conflict was accepted");
        } catch (ExecutionException refused) {
            equal(Status.Code.OUT_OF_RANGE, Status.fromThrowable(refused.getCause()).getCode());
            equal("AXONIQ-2000", Status.trailersFromThrowable(refused.getCause()).get(ERROR_CODE));
        }
        equal(1L, events.openAggregateStream(id).asStream().count());
    }

    private static void highest(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        equal(-1L, events.findHighestSequence(id).get(5, TimeUnit.SECONDS));
        events.appendEvents(Messages.event(id, 0, "a"), Messages.event(id, 1, "b")).get(5, TimeUnit.SECONDS);
        equal(1L, events.findHighestSequence(id).get(5, TimeUnit.SECONDS));
    }

    private static void stream(EventChannel events) throws Exception {
        long before = events.getLastToken().get(5, TimeUnit.SECONDS);
        String id = UUID.randomUUID().toString();
        events.appendEvents(Messages.event(id, 0, "0")).get(5, TimeUnit.SECONDS);
        EventStream stream = events.openStream(before, 64, 16);
        try {
            for (int i = 1; i < 500; i++) {
                events.appendEvents(Messages.event(id, i, "" + i)).get(5, TimeUnit.SECONDS);
            }
            for (int i = 0; i < 500; i++) {
                EventWithToken next = stream.nextIfAvailable(5, TimeUnit.SECONDS);
                isTrue(next != null, "event " + i + " arrives");
                equal(before + 1 + i, next.getToken());
                equal("" + i, Messages.text(next.getEvent().getPayload()));
            }
        } finally {
            stream.close();
        }
    }

    private static void exclude(EventChannel events) throws Exception {
        long before = events.getLastToken().get(5, TimeUnit.SECONDS);
        EventStream stream = events.openStream(before, 64, 16);
        try {
            stream.excludePayloadType("com.acme.Ignored", "1");
            Thread.sleep(200);
            String id = UUID.randomUUID().toString();
            Event ignored = Messages.event(id, 0, "ignored").toBuilder()
                    .setPayload(Messages.payload("com.acme.Ignored", "x")).build();
            events.appendEvents(ignored, Messages.event(id, 1, "wanted")).get(5, TimeUnit.SECONDS);
            EventWithToken next = stream.nextIfAvailable(5, TimeUnit.SECONDS);
            equal("wanted", Messages.text(next.getEvent().getPayload()));
        } finally {
            stream.close();
        }
    }

    private static void tokens(EventChannel events) throws Exception {
        long future = System.currentTimeMillis() + 10_000_000;
        long last = events.getLastToken().get(5, TimeUnit.SECONDS);
        String id = UUID.randomUUID().toString();
        events.appendEvents(Messages.event(id, 0, "a", future), Messages.event(id, 1, "b", future),
                Messages.event(id, 2, "c", future + 1000)).get(5, TimeUnit.SECONDS);
        equal(-1L, events.getFirstToken().get(5, TimeUnit.SECONDS));
        equal(last + 3, events.getLastToken().get(5, TimeUnit.SECONDS));
        equal(last, events.getTokenAt(future).get(5, TimeUnit.SECONDS));
        equal(last + 2, events.getTokenAt(future + 1).get(5, TimeUnit.SECONDS));
        equal(last + 3, events.getTokenAt(future + 5000).get(5, TimeUnit.SECONDS));
        equal(-1L, events.getTokenAt(0).get(5, TimeUnit.SECONDS));
    }

    private static void snapshots(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        for (int i = 0; i < 10; i++) {
            events.appendEvents(Messages.event(id, i, "" + i)).get(5, TimeUnit.SECONDS);
        }
        events.appendSnapshot(Messages.event(id, 3, "old")).get(5, TimeUnit.SECONDS);
        events.appendSnapshot(Messages.event(id, 7, "new")).get(5, TimeUnit.SECONDS);
        List<String> loaded = events.openAggregateStream(id, true).asStream()
                .map(event -> Messages.text(event.getPayload()) + (event.getSnapshot() ? "!" : "")).toList();
        equal(List.of("new!", "8", "9"), loaded);
        equal(10L, events.openAggregateStream(id, false).asStream().count());
        List<Long> all = events.loadSnapshots(id, Long.MAX_VALUE, 10).asStream().map(Event::getAggregateSequenceNumber).toList();
        equal(List.of(7L, 3L), all);
        List<Long> older = events.loadSnapshots(id, 6, 1).asStream().map(Event::getAggregateSequenceNumber).toList();
        equal(List.of(3L), older);
    }

    private static void range(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        for (int i = 0; i < 6; i++) {
            events.appendEvents(Messages.event(id, i, "" + i)).get(5, TimeUnit.SECONDS);
        }
        List<Long> read = events.openAggregateStream(id, 2, 4).asStream().map(Event::getAggregateSequenceNumber).toList();
        equal(List.of(2L, 3L, 4L), read);
    }

    private static void schedule(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        Event late = Messages.event(id, 0, "due");
        String token = events.scheduleEvent(Duration.ofDays(1), late).get(5, TimeUnit.SECONDS);
        events.reschedule(token, Duration.ofMillis(300), late).get(5, TimeUnit.SECONDS);
        isTrue(!events.openAggregateStream(id).hasNext(), "not published before it is due");
        Checks.eventually("published", () -> events.openAggregateStream(id).hasNext());
        isTrue(events.openAggregateStream(id).next().getTimestamp() > late.getTimestamp(), "it has the time of its publication");
    }

    private static void cancel(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        String token = events.scheduleEvent(Duration.ofMillis(500), Messages.event(id, 0, "no")).get(5, TimeUnit.SECONDS);
        isTrue(events.cancelSchedule(token).get(5, TimeUnit.SECONDS).getSuccess(), "cancelled");
        Thread.sleep(900);
        isTrue(!events.openAggregateStream(id).hasNext(), "not published");
    }

    private static void large(EventChannel events) throws Exception {
        String id = UUID.randomUUID().toString();
        AppendEventsTransaction transaction = events.startAppendEventsTransaction();
        for (int i = 0; i < 1000; i++) {
            transaction.appendEvent(Messages.event(id, i, "" + i));
        }
        transaction.commit().get(10, TimeUnit.SECONDS);
        List<Event> read = events.openAggregateStream(id).asStream().toList();
        equal(1000, read.size());
        for (int i = 0; i < 1000; i++) {
            equal((long) i, read.get(i).getAggregateSequenceNumber());
        }
    }
}
