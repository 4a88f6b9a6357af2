package myelin.compat;

/** Arguments: host, gRPC port, and what to run: `all`, or `append COUNT` and `verify COUNT` around a crash of the server. */
public final class Main {

    public static void main(String[] arguments) throws Exception {
        Server server = new Server(arguments[0], Integer.parseInt(arguments[1]));
        int failed = switch (arguments[2]) {
            case "all" -> all(server);
            case "append" -> CrashChecks.append(server, Integer.parseInt(arguments[3]));
            case "verify" -> CrashChecks.verify(server, Integer.parseInt(arguments[3]));
            default -> throw new IllegalArgumentException(arguments[2]);
        };
        server.close();
        System.out.flush();
        System.exit(failed == 0 ? 0 : 1);
    }

    private static int all(Server server) {
        Checks checks = new Checks();
        EventChecks.addTo(checks, server);
        CommandChecks.addTo(checks, server);
        QueryChecks.addTo(checks, server);
        ControlChecks.addTo(checks, server);
        return checks.run();
    }
}
