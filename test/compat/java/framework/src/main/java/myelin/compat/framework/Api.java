package myelin.compat.framework;

import org.axonframework.modelling.command.TargetAggregateIdentifier;

/** The messages of a small order application. */
final class Api {

    private Api() {
    }

    record PlaceOrder(@TargetAggregateIdentifier String orderId, String product) {
    }

    record AddItem(@TargetAggregateIdentifier String orderId, int quantity) {
    }

    record ShipOrder(@TargetAggregateIdentifier String orderId) {
    }

    record OrderPlaced(String orderId, String product) {
    }

    record ItemAdded(String orderId, int quantity) {
    }

    record OrderShipped(String orderId) {
    }

    record OrderExpired(String orderId) {
    }

    record ExpireOrder(@TargetAggregateIdentifier String orderId) {
    }

    record CountItems(String orderId) {
    }

    record ListOrders() {
    }
}
