package myelin.compat;

import io.axoniq.axonserver.connector.AxonServerConnection;
import io.axoniq.axonserver.connector.AxonServerConnectionFactory;
import io.axoniq.axonserver.connector.impl.ServerAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The server under test, and the clients that were connected to it. */
final class Server {

    private final String host;
    private final int port;
    private final List<AxonServerConnectionFactory> clients = new ArrayList<>();

    Server(String host, int port) {
        this.host = host;
        this.port = port;
    }

    AxonServerConnection connect(String component, String clientId) {
        AxonServerConnectionFactory factory = AxonServerConnectionFactory.forClient(component, clientId)
                .routingServers(new ServerAddress(host, port))
                .connectTimeout(5, TimeUnit.SECONDS)
                .reconnectInterval(100, TimeUnit.MILLISECONDS)
                .build();
        clients.add(factory);
        AxonServerConnection connection = factory.connect("default");
        try {
            Checks.eventually("connected", connection::isConnected);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        return connection;
    }

    void close() {
        clients.forEach(AxonServerConnectionFactory::shutdown);
    }
}
