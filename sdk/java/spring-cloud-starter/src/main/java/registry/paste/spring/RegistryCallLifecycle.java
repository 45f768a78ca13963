package registry.paste.spring;

import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.CompletionContext;
import org.springframework.cloud.client.loadbalancer.LoadBalancerLifecycle;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.client.loadbalancer.ResponseData;
import registry.paste.client.Pick;
import registry.paste.client.model.Outcome;

/** Tells the client how the calls ended that {@link RegistryLoadBalancer} chose instances for. */
public class RegistryCallLifecycle implements LoadBalancerLifecycle<Object, Object, ServiceInstance> {

    /** For Spring. */
    public RegistryCallLifecycle() {}

    @Override
    public void onStart(Request<Object> request) {
        // Nothing is known yet.
    }

    @Override
    public void onStartRequest(Request<Object> request, Response<ServiceInstance> response) {
        // The pick has begun with the choice.
    }

    @Override
    public void onComplete(CompletionContext<Object, ServiceInstance, Object> context) {
        Response<ServiceInstance> chosen = context.getLoadBalancerResponse();
        if (chosen != null && chosen.getServer() instanceof RegistryLoadBalancer.PickedInstance picked) {
            report(picked.pick(), context);
        }
    }

    private static void report(Pick pick, CompletionContext<Object, ServiceInstance, Object> context) {
        switch (context.status()) {
            case SUCCESS -> pick.done(outcome(context.getClientResponse()));
            case FAILED -> pick.done(Outcome.FAILURE);
            default -> pick.close();
        }
    }

    private static Outcome outcome(Object response) {
        int status = response instanceof ResponseData data && data.getHttpStatus() != null
                ? data.getHttpStatus().value()
                : 200;
        if (status == 429) {
            return Outcome.OVERLOADED;
        }
        return status >= 500 ? Outcome.FAILURE : Outcome.SUCCESS;
    }
}
