package myelin.compat.framework;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import myelin.compat.framework.Api.CountItems;
import myelin.compat.framework.Api.ItemAdded;
import myelin.compat.framework.Api.ListOrders;
import myelin.compat.framework.Api.OrderExpired;
import myelin.compat.framework.Api.OrderPlaced;
import org.axonframework.config.ProcessingGroup;
import org.axonframework.eventhandling.EventHandler;
import org.axonframework.eventhandling.ResetHandler;
import org.axonframework.queryhandling.QueryHandler;
import org.axonframework.queryhandling.QueryUpdateEmitter;
import reactor.core.publisher.Flux;

/** A projection, fed by a pooled streaming processor. */
@ProcessingGroup("view")
public class OrderView {

    private final Map<String, Integer> items = new ConcurrentHashMap<>();
    private final QueryUpdateEmitter emitter;
    final AtomicInteger resets = new AtomicInteger();
    final AtomicInteger handled = new AtomicInteger();
    final AtomicInteger expired = new AtomicInteger();

    OrderView(QueryUpdateEmitter emitter) {
        this.emitter = emitter;
    }

    @EventHandler
    public void on(OrderPlaced event) {
        handled.incrementAndGet();
        items.put(event.orderId(), 0);
    }

    @EventHandler
    public void on(ItemAdded event) {
        handled.incrementAndGet();
        int count = items.merge(event.orderId(), event.quantity(), Integer::sum);
        emitter.emit(CountItems.class, query -> query.orderId().equals(event.orderId()), count);
    }

    @EventHandler
    public void on(OrderExpired event) {
        expired.incrementAndGet();
    }

    @ResetHandler
    public void reset() {
        resets.incrementAndGet();
        handled.set(0);
        items.clear();
    }

    @QueryHandler
    public Integer handle(CountItems query) {
        return items.getOrDefault(query.orderId(), -1);
    }

    @QueryHandler
    public List<String> handle(ListOrders query) {
        return items.keySet().stream().sorted().toList();
    }

    @QueryHandler(queryName = "streamed")
    public Flux<String> streamed(String prefix) {
        return Flux.range(0, 300).map(i -> prefix + i);
    }
}
