/**
 * The client of paste.registry. Begin with {@link registry.paste.client.Registry}: it registers this process, keeps a local
 * copy of the services that it calls, chooses among their instances and follows configuration.
 */
package registry.paste.client;
