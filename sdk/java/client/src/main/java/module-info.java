/**
 * A client for paste.registry: registers this process, keeps a local copy of the services it calls, chooses among their
 * instances and follows configuration. Needs nothing but the JDK.
 */
module registry.paste.client {
    requires transitive java.net.http;
    requires java.management;
    requires jdk.management;

    exports registry.paste.client;
    exports registry.paste.client.model;
}
