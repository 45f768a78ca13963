/**
 * The conformance vectors of whole decisions, and of the share of them that picks a subset.
 *
 * @module
 */
import assert from "node:assert/strict";

import type { Ask } from "../src/choose/ask.js";
import { Decider } from "../src/choose/decider.js";
import { readInstance } from "../src/choose/instance.js";
import { readPolicy } from "../src/choose/policy.js";
import { emptyTrace } from "../src/choose/trace.js";
import { VersionRange } from "../src/choose/version/range.js";
import { Numbers, known, run, type Vector } from "./support/vectors.js";

const DECIDE_KEYS = [
  ["members", "protected", "policy", "caller", "request", "endpoints", "now", "random", "drawn"],
  ["picked", "subset", "priority", "error"],
].flat();

run("decide.json", DECIDE_KEYS, (vector) => {
  const numbers = new Numbers(vector["random"]);
  const decider = new Decider(numbers);
  decider.setPolicy(readPolicy(vector["policy"]));
  join(decider, vector);
  restore(decider, vector["endpoints"]);
  const trace = emptyTrace();
  const decided = decider.choose(ask(vector["caller"], vector["request"]), vector["now"], trace);
  assert.equal(numbers.drawn, vector["drawn"], "numbers drawn");
  if (typeof decided === "string") {
    assert.equal(decided, vector["error"]);
    return;
  }
  assert.equal(decided.instance.id, vector["picked"]);
  assert.equal(trace.subset?.name ?? null, vector["subset"]);
  assert.equal(trace.priority, vector["priority"]);
});

const SUBSET_KEYS = ["policy", "members", "caller", "headers", "random", "drawn", "subset", "left"];

run("subsets.json", SUBSET_KEYS, (vector) => {
  const numbers = new Numbers(vector["random"]);
  const decider = new Decider(numbers);
  // Nobody has weight and everybody is as near as the others, so that all that are left are candidates.
  decider.setPolicy(readPolicy({ ...vector["policy"], balancer: { kind: "smooth_wrr" } }));
  decider.update(vector["members"].map(readInstance), false, 0);
  const trace = emptyTrace();
  decider.choose(ask(vector["caller"], { headers: vector["headers"] }), 0, trace);
  assert.equal(numbers.drawn, vector["drawn"], "numbers drawn");
  assert.equal(trace.subset?.name ?? null, vector["subset"]);
  assert.deepEqual(trace.candidates, vector["left"]);
});

/** Tells the decider of the members in the order in which they began slowly. */
function join(decider: Decider, { members, protected: isProtected, endpoints }: Vector): void {
  const began = (id: string): number => endpoints[id]?.slow_start_began ?? Number.NEGATIVE_INFINITY;
  const times = new Set<number>([Number.NEGATIVE_INFINITY, ...members.map(({ id }: Vector) => began(id))]);
  for (const time of [...times].sort((a, b) => (a < b ? -1 : 1))) {
    const there = members.filter(({ id }: Vector) => began(id) <= time);
    decider.update(there.map(readInstance), isProtected, time);
  }
}

function restore(decider: Decider, states: Vector): void {
  for (const [id, state] of Object.entries<Vector>(states)) {
    known(state, ["in_flight", "cost", "stamp", "current", "ejected_until", "slow_start_began"]);
    const endpoint = decider.members.get(id)!;
    endpoint.inFlight = state["in_flight"] ?? 0;
    endpoint.current = state["current"] ?? 0;
    endpoint.ejectedUntil = state["ejected_until"] ?? Number.NEGATIVE_INFINITY;
    if (state["cost"] !== undefined) {
      decider.costs.observe(endpoint, 0, state["stamp"]);
      endpoint.cost = state["cost"];
    }
  }
}

function ask({ zone, region, ...rest }: Vector, request: Vector): Ask {
  known(rest, []);
  known(request, ["version", "tags", "metadata", "headers", "hash_key", "tried"]);
  const { version, tags, metadata, headers, hash_key: hashKey, tried } = request;
  const anything = version === undefined && tags === undefined && metadata === undefined;
  return {
    selector: anything
      ? undefined
      : {
          version: version === undefined ? undefined : VersionRange.parse(version),
          tags: tags ?? [],
          metadata: metadata ?? {},
        },
    zone,
    region,
    headers,
    hashKey,
    tried: tried === undefined ? undefined : new Set(tried as string[]),
  };
}
