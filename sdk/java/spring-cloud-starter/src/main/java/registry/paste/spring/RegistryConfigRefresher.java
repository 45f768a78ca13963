package registry.paste.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.cloud.endpoint.event.RefreshEvent;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import registry.paste.client.ConfigItem;
import registry.paste.client.Registry;
import registry.paste.client.Subscription;

/** Follows what was imported with {@code spring.config.import}, and has the application refreshed at each new release. */
public class RegistryConfigRefresher implements SmartLifecycle {
    private final Registry registry;
    private final ConfigurableEnvironment environment;
    private final ApplicationEventPublisher publisher;
    private final List<Subscription> subscriptions = new ArrayList<>();

    /**
     * Follows what an environment has imported.
     *
     * @param registry the client
     * @param environment the environment
     * @param publisher where a refresh is asked for
     */
    public RegistryConfigRefresher(
            Registry registry, ConfigurableEnvironment environment, ApplicationEventPublisher publisher) {
        this.registry = registry;
        this.environment = environment;
        this.publisher = publisher;
    }

    @Override
    public synchronized void start() {
        for (String name : imported()) {
            subscriptions.add(registry.config(name).onChange(new FirstPassed(name)));
        }
    }

    private Set<String> imported() {
        Set<String> names = new TreeSet<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            int at = source.getName().indexOf(RegistryConfigDataLoader.SOURCE_PREFIX);
            if (at >= 0) {
                String name = source.getName().substring(at + RegistryConfigDataLoader.SOURCE_PREFIX.length());
                // YAML with several documents makes several sources, which Spring counts.
                names.add(name.replaceAll(" .*$", ""));
            }
        }
        return names;
    }

    /** The first release is the one that was imported. */
    private final class FirstPassed implements ConfigItem.Callback {
        private final String name;
        private boolean passed;

        FirstPassed(String name) {
            this.name = name;
        }

        @Override
        public void changed(Optional<ConfigItem.Value> value) {
            if (passed) {
                publisher.publishEvent(new RefreshEvent(RegistryConfigRefresher.this, value, name + " changed"));
            }
            passed = true;
        }
    }

    @Override
    public synchronized void stop() {
        subscriptions.forEach(Subscription::close);
        subscriptions.clear();
    }

    @Override
    public synchronized boolean isRunning() {
        return !subscriptions.isEmpty();
    }
}
