package myelin.compat.framework;

import java.time.Duration;
import myelin.compat.framework.Api.ExpireOrder;
import myelin.compat.framework.Api.OrderExpired;
import myelin.compat.framework.Api.OrderPlaced;
import org.axonframework.commandhandling.gateway.CommandGateway;
import org.axonframework.config.ProcessingGroup;
import org.axonframework.deadline.DeadlineManager;
import org.axonframework.deadline.annotation.DeadlineHandler;
import org.axonframework.modelling.saga.EndSaga;
import org.axonframework.modelling.saga.SagaEventHandler;
import org.axonframework.modelling.saga.StartSaga;

/** Expires orders for a product named "late" after a moment. */
@ProcessingGroup("expiry")
public class ExpirySaga {

    private transient CommandGateway commands;
    private transient DeadlineManager deadlines;
    private String orderId;

    @jakarta.inject.Inject
    public void setCommands(CommandGateway commands) {
        this.commands = commands;
    }

    @jakarta.inject.Inject
    public void setDeadlines(DeadlineManager deadlines) {
        this.deadlines = deadlines;
    }

    @StartSaga
    @SagaEventHandler(associationProperty = "orderId")
    public void on(OrderPlaced event) {
        orderId = event.orderId();
        if (event.product().equals("late")) {
            deadlines.schedule(Duration.ofMillis(200), "expiry");
        }
    }

    @DeadlineHandler(deadlineName = "expiry")
    public void expire() {
        commands.send(new ExpireOrder(orderId));
    }

    @EndSaga
    @SagaEventHandler(associationProperty = "orderId")
    public void on(OrderExpired event) {
    }
}
