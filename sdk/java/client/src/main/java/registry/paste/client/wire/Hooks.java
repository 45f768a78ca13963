package registry.paste.client.wire;

import java.util.Map;
import java.util.function.BiConsumer;

/** Tells the program what the SDK does. A hook that throws is logged, never passed on. */
public final class Hooks {
    /** Nobody listens. */
    public static final Hooks NONE = new Hooks(null);

    private final BiConsumer<String, Map<String, Object>> hook;

    public Hooks(BiConsumer<String, Map<String, Object>> hook) {
        this.hook = hook;
    }

    /** Whether somebody listens, so that fields of frequent events needn't be gathered in vain. */
    public boolean on() {
        return hook != null;
    }

    public void emit(String name, Map<String, Object> fields) {
        if (hook == null) {
            return;
        }
        try {
            hook.accept(name, fields);
        } catch (RuntimeException wrong) {
            System.getLogger("registry.paste.client").log(System.Logger.Level.WARNING, "a hook failed", wrong);
        }
    }
}
