package myelin.compat.framework;

import java.util.concurrent.atomic.AtomicInteger;
import org.axonframework.config.ProcessingGroup;
import org.axonframework.eventhandling.EventHandler;
import org.axonframework.eventhandling.EventMessage;

/** Counts every event, fed by a tracking processor. */
@ProcessingGroup("log")
public class OrderLog {

    final AtomicInteger events = new AtomicInteger();

    @EventHandler
    public void on(EventMessage<?> event) {
        events.incrementAndGet();
    }
}
