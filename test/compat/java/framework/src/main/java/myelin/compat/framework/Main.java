package myelin.compat.framework;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import myelin.compat.framework.Api.AddItem;
import myelin.compat.framework.Api.CountItems;
import myelin.compat.framework.Api.ListOrders;
import myelin.compat.framework.Api.PlaceOrder;
import myelin.compat.framework.Api.ShipOrder;
import org.axonframework.axonserver.connector.AxonServerConfiguration;
import org.axonframework.commandhandling.CommandExecutionException;
import org.axonframework.commandhandling.gateway.CommandGateway;
import org.axonframework.config.AggregateConfigurer;
import org.axonframework.config.Configuration;
import org.axonframework.config.Configurer;
import org.axonframework.config.ConfigurationScopeAwareProvider;
import org.axonframework.config.DefaultConfigurer;
import org.axonframework.deadline.DeadlineManager;
import org.axonframework.deadline.SimpleDeadlineManager;
import org.axonframework.eventhandling.pooled.PooledStreamingEventProcessor;
import org.axonframework.eventhandling.StreamingEventProcessor;
import org.axonframework.eventhandling.TrackingEventProcessor;
import org.axonframework.eventsourcing.EventCountSnapshotTriggerDefinition;
import org.axonframework.messaging.responsetypes.ResponseTypes;
import org.axonframework.queryhandling.QueryGateway;
import org.axonframework.serialization.json.JacksonSerializer;
import reactor.core.publisher.Flux;

/** An Axon Framework application, configured as its manual shows, with checks around it. */
public final class Main {

    private final AtomicReference<OrderView> view = new AtomicReference<>();
    private final OrderLog log = new OrderLog();
    private final Configuration configuration;
    private final CommandGateway commands;
    private final QueryGateway queries;
    private int failed;

    private Main(String server) {
        configuration = configure(server).start();
        commands = configuration.commandGateway();
        queries = configuration.queryGateway();
    }

    public static void main(String[] arguments) throws Exception {
        Main application = new Main(arguments[0]);
        application.checkAll();
        application.configuration.shutdown();
        System.out.flush();
        System.exit(application.failed == 0 ? 0 : 1);
    }

    private Configurer configure(String server) {
        AxonServerConfiguration axonServer = AxonServerConfiguration.builder().servers(server).componentName("orders").build();
        JacksonSerializer serializer = JacksonSerializer.builder().lenientDeserialization().build();
        Configurer configurer = DefaultConfigurer.defaultConfiguration()
                .registerComponent(AxonServerConfiguration.class, c -> axonServer)
                .configureSerializer(c -> serializer)
                .configureAggregate(AggregateConfigurer.defaultConfiguration(Order.class)
                        .configureSnapshotTrigger(c -> new EventCountSnapshotTriggerDefinition(c.snapshotter(), 5)))
                .registerComponent(DeadlineManager.class, c -> SimpleDeadlineManager.builder()
                        .scopeAwareProvider(new ConfigurationScopeAwareProvider(c)).build())
                .registerEventHandler(c -> log)
                .registerEventHandler(c -> remember(new OrderView(c.queryUpdateEmitter())))
                .registerQueryHandler(c -> view.get());
        configurer.eventProcessing(processing -> processing
                .registerSaga(ExpirySaga.class)
                .usingPooledStreamingEventProcessors()
                .registerTrackingEventProcessor("log"));
        return configurer;
    }

    private OrderView remember(OrderView created) {
        view.compareAndSet(null, created);
        return view.get();
    }

    private void checkAll() {
        check("a command creates an aggregate and the projection follows", this::createAndProject);
        check("a hundred commands to one aggregate go through its snapshots", this::snapshots);
        check("an exception of an aggregate reaches the caller", this::businessError);
        check("a scatter-gather query is answered", this::scatterGather);
        check("a subscription query gives the initial result and the updates", this::subscription);
        check("a streaming query gives all its items in order", this::streaming);
        check("a saga's deadline sends its command", this::saga);
        check("a pooled processor replays after a reset", this::replay);
        check("a tracking processor has seen every event", this::tracking);
        check("two hundred aggregates in parallel keep their counts", this::parallel);
    }

    private void createAndProject() throws Exception {
        String id = place("book");
        commands.sendAndWait(new AddItem(id, 3), 5, TimeUnit.SECONDS);
        eventually("projected", () -> count(id) == 3);
    }

    private void snapshots() throws Exception {
        String id = place("book");
        for (int i = 1; i <= 100; i++) {
            int items = commands.<Integer>sendAndWait(new AddItem(id, 1), 5, TimeUnit.SECONDS);
            isTrue(items == i, "count " + items + " after " + i);
        }
        eventually("a snapshot is stored", () -> configuration.eventStore().readEvents(id).asStream().count() < 100);
    }

    private void businessError() throws Exception {
        String id = place("book");
        commands.sendAndWait(new ShipOrder(id), 5, TimeUnit.SECONDS);
        try {
            commands.send(new AddItem(id, 1)).get(5, TimeUnit.SECONDS);
            throw new AssertionError("accepted");
        } catch (ExecutionException refused) {
            isTrue(refused.getCause() instanceof CommandExecutionException, "" + refused.getCause());
            isTrue(refused.getCause().getMessage().contains("shipped already"), refused.getCause().getMessage());
        }
    }

    private void scatterGather() throws Exception {
        String id = place("book");
        eventually("listed", () -> queries.scatterGather(new ListOrders(), ResponseTypes.multipleInstancesOf(String.class), 2, TimeUnit.SECONDS)
                .anyMatch(orders -> orders.contains(id)));
    }

    private void subscription() throws Exception {
        String id = place("book");
        eventually("projected", () -> count(id) == 0);
        var result = queries.subscriptionQuery(new CountItems(id), Integer.class, Integer.class);
        isTrue(result.initialResult().block(Duration.ofSeconds(5)) == 0, "initial result");
        var updates = result.updates().take(20).collectList().toFuture();
        for (int i = 0; i < 20; i++) {
            commands.sendAndWait(new AddItem(id, 1), 5, TimeUnit.SECONDS);
        }
        List<Integer> expected = Stream.iterate(1, i -> i + 1).limit(20).collect(Collectors.toList());
        List<Integer> actual = updates.get(10, TimeUnit.SECONDS);
        isTrue(expected.equals(actual), "updates " + actual);
        result.close();
    }

    private void streaming() throws Exception {
        List<String> items = Flux.from(queries.streamingQuery("streamed", "item-", String.class))
                .collectList().block(Duration.ofSeconds(10));
        isTrue(items.size() == 300 && items.get(299).equals("item-299"), items.size() + " items");
    }

    private void saga() throws Exception {
        int before = view.get().expired.get();
        place("late");
        eventually("expired", () -> view.get().expired.get() == before + 1);
    }

    private void replay() throws Exception {
        var processor = configuration.eventProcessingConfiguration()
                .eventProcessor("view", PooledStreamingEventProcessor.class).orElseThrow();
        int handled = view.get().handled.get();
        processor.shutDown();
        processor.resetTokens();
        processor.start();
        eventually("replayed", () -> view.get().resets.get() == 1 && view.get().handled.get() >= handled);
    }

    private void tracking() throws Exception {
        isTrue(processor("log") instanceof TrackingEventProcessor, "a tracking processor");
        eventually("caught up", () -> processor("log").processingStatus().values().stream().allMatch(s -> s.isCaughtUp()));
        long stored = configuration.eventStore().createHeadToken().position().orElse(-1) + 1;
        eventually("all " + stored + " events, " + log.events.get() + " so far", () -> log.events.get() == stored);
    }

    private void parallel() throws Exception {
        List<String> ids = Stream.generate(() -> UUID.randomUUID().toString()).limit(200).toList();
        ids.parallelStream().forEach(id -> {
            commands.sendAndWait(new PlaceOrder(id, "book"), 10, TimeUnit.SECONDS);
            for (int i = 0; i < 5; i++) {
                commands.sendAndWait(new AddItem(id, 2), 10, TimeUnit.SECONDS);
            }
        });
        eventually("all projected", () -> ids.stream().allMatch(id -> count(id) == 10));
    }

    private String place(String product) {
        String id = UUID.randomUUID().toString();
        commands.sendAndWait(new PlaceOrder(id, product), 10, TimeUnit.SECONDS);
        return id;
    }

    private int count(String id) {
        return queries.query(new CountItems(id), Integer.class).join();
    }

    private StreamingEventProcessor processor(String name) {
        return configuration.eventProcessingConfiguration().eventProcessor(name, StreamingEventProcessor.class).orElseThrow();
    }

    private interface Check {
        void run() throws Exception;
    }

    private void check(String claim, Check check) {
        try {
            check.run();
            System.out.println("ok - " + claim);
        } catch (Throwable problem) {
            failed++;
            System.out.println("not ok - " + claim + ": " + problem);
            problem.printStackTrace(System.err);
        }
    }

    private static void isTrue(boolean condition, String claim) {
        if (!condition) {
            throw new AssertionError(claim);
        }
    }

    private static void eventually(String claim, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within 20 s: " + claim);
            }
            Thread.sleep(10);
        }
    }
}
