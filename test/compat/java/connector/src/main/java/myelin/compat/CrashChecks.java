package myelin.compat;

import static myelin.compat.Checks.equal;

import io.axoniq.axonserver.connector.event.EventChannel;
import io.axoniq.axonserver.connector.event.EventStream;
import java.util.concurrent.TimeUnit;

/** What one run appends another reads, after the server was killed in between. */
final class CrashChecks {

    private CrashChecks() {
    }

    static int append(Server server, int count) throws Exception {
        EventChannel events = server.connect("writer", "writer-1").eventChannel();
        for (int i = 0; i < count; i++) {
            events.appendEvents(Messages.event("crash", i, "" + i)).get(5, TimeUnit.SECONDS);
        }
        System.out.println("ok - " + count + " events are confirmed");
        return 0;
    }

    static int verify(Server server, int count) {
        Checks checks = new Checks();
        EventChannel events = server.connect("reader", "reader-1").eventChannel();
        checks.add(count + " events are in their aggregate after the crash", () ->
                equal((long) count, events.openAggregateStream("crash").asStream().count()));
        checks.add(count + " events are in the stream after the crash, in order", () -> {
            EventStream stream = events.openStream(-1, 256, 64);
            for (int i = 0; i < count; i++) {
                var next = stream.nextIfAvailable(5, TimeUnit.SECONDS);
                equal((long) i, next.getToken());
                equal("" + i, Messages.text(next.getEvent().getPayload()));
            }
            stream.close();
        });
        return checks.run();
    }
}
