package myelin.compat;

import com.google.protobuf.ByteString;
import io.axoniq.axonserver.grpc.MetaDataValue;
import io.axoniq.axonserver.grpc.SerializedObject;
import io.axoniq.axonserver.grpc.command.Command;
import io.axoniq.axonserver.grpc.command.CommandResponse;
import io.axoniq.axonserver.grpc.event.Event;
import io.axoniq.axonserver.grpc.query.QueryRequest;
import io.axoniq.axonserver.grpc.query.QueryResponse;
import java.util.UUID;

final class Messages {

    private Messages() {
    }

    static Event event(String aggregate, long sequence, String payload) {
        return event(aggregate, sequence, payload, System.currentTimeMillis());
    }

    static Event event(String aggregate, long sequence, String payload, long timestamp) {
        return Event.newBuilder()
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setAggregateIdentifier(aggregate)
                .setAggregateSequenceNumber(sequence)
                .setAggregateType("Order")
                .setTimestamp(timestamp)
                .setPayload(payload("com.acme.Happened", payload))
                .putMetaData("number", MetaDataValue.newBuilder().setNumberValue(Long.MIN_VALUE).build())
                .putMetaData("text", MetaDataValue.newBuilder().setTextValue("Grüße").build())
                .build();
    }

    static SerializedObject payload(String type, String text) {
        return SerializedObject.newBuilder().setType(type).setRevision("1").setData(ByteString.copyFromUtf8(text)).build();
    }

    static Command command(String name, String payload) {
        return Command.newBuilder()
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setName(name)
                .setTimestamp(System.currentTimeMillis())
                .setPayload(payload(name, payload))
                .build();
    }

    static CommandResponse answer(Command command, String payload) {
        return CommandResponse.newBuilder()
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setRequestIdentifier(command.getMessageIdentifier())
                .setPayload(payload("java.lang.String", payload))
                .build();
    }

    static QueryRequest query(String name, String payload) {
        return QueryRequest.newBuilder()
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setQuery(name)
                .setTimestamp(System.currentTimeMillis())
                .setPayload(payload(name, payload))
                .setResponseType(payload("java.lang.String", ""))
                .build();
    }

    static QueryResponse answer(QueryRequest query, String payload) {
        return QueryResponse.newBuilder()
                .setMessageIdentifier(UUID.randomUUID().toString())
                .setRequestIdentifier(query.getMessageIdentifier())
                .setPayload(payload("java.lang.String", payload))
                .build();
    }

    static String text(SerializedObject payload) {
        return payload.getData().toStringUtf8();
    }
}
