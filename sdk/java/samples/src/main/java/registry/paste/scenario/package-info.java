/** The agent that the registry's scenarios drive, to compare the SDKs of all languages. */
package registry.paste.scenario;
