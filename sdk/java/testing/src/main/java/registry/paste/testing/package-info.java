/** What the tests of all modules share: the real registry as a process, a scripted one, backends, and waiting for conditions. */
package registry.paste.testing;
