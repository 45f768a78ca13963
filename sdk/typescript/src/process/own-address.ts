/**
 * The address of this machine that others can reach, as far as one can say: the one from which it reaches the registry.
 *
 * @module
 */
import { createSocket, type SocketType } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

/**
 * The address that this machine has towards a node. Nothing is sent: the system is only asked which way it would take. It
 * is the loopback's only if the node is there, too.
 *
 * @param url - the node
 * @throws Error if there is no way to it
 */
export async function addressTowards(url: string, signal: AbortSignal): Promise<string> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const to = Number(port) || (protocol === "https:" ? 443 : 80);
  if (isIPv6(host)) {
    return await localAddress("udp6", host, to, signal);
  }
  try {
    return await localAddress("udp4", host, to, signal);
  } catch (error) {
    // A name may have IPv6 addresses alone. If it hasn't, the first reason is the better one.
    return await localAddress("udp6", host, to, signal).catch(() => Promise.reject(error));
  }
}

async function localAddress(
  type: SocketType,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<string> {
  const socket = createSocket(type);
  try {
    const connected = once(socket, "connect", { signal });
    socket.connect(port, host);
    await connected;
    return socket.address().address;
  } finally {
    socket.close();
  }
}
