/**
 * paste.registry for Spring Cloud: registers the application, discovers and balances as the registry's policies say, and
 * imports configuration with {@code spring.config.import=paste-registry:group/key}.
 */
package registry.paste.spring;
