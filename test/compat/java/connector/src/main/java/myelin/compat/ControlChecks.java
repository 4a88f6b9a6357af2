package myelin.compat;

import io.axoniq.axonserver.connector.AxonServerConnection;
import io.axoniq.axonserver.connector.control.ControlChannel;
import java.util.concurrent.TimeUnit;

final class ControlChecks {

    private ControlChecks() {
    }

    static void addTo(Checks checks, Server server) {
        AxonServerConnection connection = server.connect("control", "control-1");
        checks.add("heartbeats are answered, so the connection stays", () -> heartbeat(connection));
    }

    private static void heartbeat(AxonServerConnection connection) throws Exception {
        ControlChannel control = connection.controlChannel();
        control.enableHeartbeat(200, 1_500, TimeUnit.MILLISECONDS);
        long until = System.nanoTime() + 3_500_000_000L;
        while (System.nanoTime() < until) {
            Checks.isTrue(connection.isConnected() && !connection.isConnectionFailed(), "still connected");
            Thread.sleep(20);
        }
        control.disableHeartbeat();
    }
}
