package myelin.compat;

import static myelin.compat.Checks.equal;
import static myelin.compat.Checks.isTrue;

import io.axoniq.axonserver.connector.AxonServerConnection;
import io.axoniq.axonserver.connector.Registration;
import io.axoniq.axonserver.connector.command.CommandChannel;
import io.axoniq.axonserver.grpc.ErrorMessage;
import io.axoniq.axonserver.grpc.MetaDataValue;
import io.axoniq.axonserver.grpc.ProcessingInstruction;
import io.axoniq.axonserver.grpc.ProcessingKey;
import io.axoniq.axonserver.grpc.command.Command;
import io.axoniq.axonserver.grpc.command.CommandResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

final class CommandChecks {

    private CommandChecks() {
    }

    static void addTo(Checks checks, Server server) {
        AxonServerConnection handling = server.connect("handling", "handling-1");
        CommandChannel handler = handling.commandChannel();
        CommandChannel other = server.connect("handling", "handling-2").commandChannel();
        CommandChannel sender = server.connect("sending", "sending-1").commandChannel();
        checks.add("a command reaches its handler and the answer its sender", () -> echo(handler, sender));
        checks.add("a command without handler is answered with AXONIQ-4000", () -> noHandler(sender));
        checks.add("a cancelled registration gets no more commands", () -> cancelled(handler, sender));
        checks.add("the error of a handler arrives unchanged", () -> handlerError(handler, sender));
        checks.add("one routing key goes to one handler", () -> routing(handler, other, sender));
        checks.add("commands in progress are answered when their handler leaves gracefully", () -> leaving(server, sender));
    }

    private static void echo(CommandChannel handler, CommandChannel sender) throws Exception {
        Registration registration = register(handler, "echo", "echo:");
        List<CompletableFuture<CommandResponse>> answers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            answers.add(sender.sendCommand(Messages.command("echo", "" + i)));
        }
        for (int i = 0; i < 1000; i++) {
            CommandResponse answer = answers.get(i).get(5, TimeUnit.SECONDS);
            equal("", answer.getErrorCode());
            equal("echo:" + i, Messages.text(answer.getPayload()));
        }
        registration.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void noHandler(CommandChannel sender) throws Exception {
        CommandResponse answer = sender.sendCommand(Messages.command("nobody", "")).get(5, TimeUnit.SECONDS);
        equal("AXONIQ-4000", answer.getErrorCode());
        equal("No Handler for command: nobody", answer.getErrorMessage().getMessage());
    }

    private static void cancelled(CommandChannel handler, CommandChannel sender) throws Exception {
        Registration registration = register(handler, "once", "");
        equal("", sender.sendCommand(Messages.command("once", "")).get(5, TimeUnit.SECONDS).getErrorCode());
        registration.cancel().get(5, TimeUnit.SECONDS);
        Checks.eventually("no handler any more", () ->
                sender.sendCommand(Messages.command("once", "")).join().getErrorCode().equals("AXONIQ-4000"));
    }

    private static void handlerError(CommandChannel handler, CommandChannel sender) throws Exception {
        Registration registration = handler.registerCommandHandler(command -> CompletableFuture.completedFuture(
                CommandResponse.newBuilder()
                        .setRequestIdentifier(command.getMessageIdentifier())
                        .setErrorCode("AXONIQ-4002")
                        .setErrorMessage(ErrorMessage.newBuilder().setMessage("no stock").addDetails("detail"))
                        .setPayload(Messages.payload("com.acme.Problem", "{}"))
                        .build()), 100, "fails");
        registration.awaitAck(5, TimeUnit.SECONDS);
        CommandResponse answer = sender.sendCommand(Messages.command("fails", "")).get(5, TimeUnit.SECONDS);
        equal("AXONIQ-4002", answer.getErrorCode());
        equal("no stock", answer.getErrorMessage().getMessage());
        equal("{}", Messages.text(answer.getPayload()));
        registration.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void routing(CommandChannel first, CommandChannel second, CommandChannel sender) throws Exception {
        Registration one = register(first, "routed", "1:");
        Registration two = register(second, "routed", "2:");
        Set<String> handlers = ConcurrentHashMap.newKeySet();
        for (int key = 0; key < 50; key++) {
            Set<String> ofKey = ConcurrentHashMap.newKeySet();
            for (int i = 0; i < 5; i++) {
                Command command = Messages.command("routed", "").toBuilder()
                        .addProcessingInstructions(ProcessingInstruction.newBuilder()
                                .setKey(ProcessingKey.ROUTING_KEY)
                                .setValue(MetaDataValue.newBuilder().setTextValue("key-" + key)))
                        .build();
                ofKey.add(Messages.text(sender.sendCommand(command).get(5, TimeUnit.SECONDS).getPayload()));
            }
            equal(1, ofKey.size());
            handlers.addAll(ofKey);
        }
        equal(Set.of("1:", "2:"), handlers);
        one.cancel().get(5, TimeUnit.SECONDS);
        two.cancel().get(5, TimeUnit.SECONDS);
    }

    private static void leaving(Server server, CommandChannel sender) throws Exception {
        AxonServerConnection leaving = server.connect("leaving", "leaving-1");
        List<CompletableFuture<Void>> releases = new ArrayList<>();
        Registration registration = leaving.commandChannel().registerCommandHandler(command -> {
            CompletableFuture<Void> release = new CompletableFuture<>();
            synchronized (releases) {
                releases.add(release);
            }
            return release.thenApply(nothing -> Messages.answer(command, "done"));
        }, 100, "slow");
        registration.awaitAck(5, TimeUnit.SECONDS);
        List<CompletableFuture<CommandResponse>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            answers.add(sender.sendCommand(Messages.command("slow", "")));
        }
        Checks.eventually("all are being handled", () -> {
            synchronized (releases) {
                return releases.size() == 10;
            }
        });
        CompletableFuture<Void> left = leaving.commandChannel().prepareDisconnect();
        Thread.sleep(200);
        synchronized (releases) {
            releases.forEach(release -> release.complete(null));
        }
        for (CompletableFuture<CommandResponse> answer : answers) {
            equal("", answer.get(5, TimeUnit.SECONDS).getErrorCode());
        }
        left.get(5, TimeUnit.SECONDS);
        leaving.disconnect();
        isTrue(!leaving.isConnected(), "disconnected");
    }

    private static Registration register(CommandChannel channel, String name, String prefix) throws Exception {
        Registration registration = channel.registerCommandHandler(command -> CompletableFuture.completedFuture(
                Messages.answer(command, prefix + Messages.text(command.getPayload()))), 100, name);
        registration.awaitAck(5, TimeUnit.SECONDS);
        return registration;
    }
}
