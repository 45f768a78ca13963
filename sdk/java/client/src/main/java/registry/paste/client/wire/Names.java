package registry.paste.client.wire;

import java.util.regex.Pattern;

/** Which names the registry takes. One that it doesn't would get a stream refused that others share. */
public final class Names {
    private static final int LENGTH_MAX = 128;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?");

    private Names() {}

    /** The name of a service; an {@link IllegalArgumentException} if it can't be one. */
    public static String service(String name) {
        if (!valid(name)) {
            throw new IllegalArgumentException("\"" + name + "\" is not the name of a service: 1 to " + LENGTH_MAX
                    + " letters, digits and \".\", \"_\", \"-\" within");
        }
        return name;
    }

    /** The name of a configuration item; an {@link IllegalArgumentException} if it can't be one. */
    public static String item(String name) {
        int slash = name.indexOf('/');
        if (slash < 0 || !valid(name.substring(0, slash)) || !valid(name.substring(slash + 1))) {
            throw new IllegalArgumentException("\"" + name + "\" is not the name of an item, such as shop/app.yaml");
        }
        return name;
    }

    private static boolean valid(String name) {
        return name.length() <= LENGTH_MAX && NAME.matcher(name).matches();
    }
}
