package myelin.compat.framework;

import static org.axonframework.modelling.command.AggregateLifecycle.apply;

import myelin.compat.framework.Api.AddItem;
import myelin.compat.framework.Api.ExpireOrder;
import myelin.compat.framework.Api.ItemAdded;
import myelin.compat.framework.Api.OrderExpired;
import myelin.compat.framework.Api.OrderPlaced;
import myelin.compat.framework.Api.OrderShipped;
import myelin.compat.framework.Api.PlaceOrder;
import myelin.compat.framework.Api.ShipOrder;
import org.axonframework.commandhandling.CommandHandler;
import org.axonframework.eventsourcing.EventSourcingHandler;
import org.axonframework.modelling.command.AggregateIdentifier;

/** An event-sourced aggregate that is snapshotted every few events. */
public class Order {

    @AggregateIdentifier
    public String orderId;
    public int items;
    public boolean shipped;

    public Order() {
    }

    @CommandHandler
    public Order(PlaceOrder command) {
        apply(new OrderPlaced(command.orderId(), command.product()));
    }

    @CommandHandler
    public int handle(AddItem command) {
        if (shipped) {
            throw new IllegalStateException("shipped already");
        }
        apply(new ItemAdded(orderId, command.quantity()));
        return items;
    }

    @CommandHandler
    public void handle(ShipOrder command) {
        apply(new OrderShipped(orderId));
    }

    @CommandHandler
    public void handle(ExpireOrder command) {
        apply(new OrderExpired(orderId));
    }

    @EventSourcingHandler
    public void on(OrderPlaced event) {
        orderId = event.orderId();
    }

    @EventSourcingHandler
    public void on(ItemAdded event) {
        items += event.quantity();
    }

    @EventSourcingHandler
    public void on(OrderShipped event) {
        shipped = true;
    }

    @EventSourcingHandler
    public void on(OrderExpired event) {
        shipped = true;
    }
}
