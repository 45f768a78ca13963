/**
 * The conformance vectors of the balancers that weigh what calls cost.
 *
 * @module
 */
import assert from "node:assert/strict";

import type { Ask } from "../src/choose/ask.js";
import { TwoIndices } from "../src/choose/balancer/draws.js";
import { PeakEwma } from "../src/choose/balancer/peak-ewma.js";
import { Decider } from "../src/choose/decider.js";
import { parseDuration } from "../src/choose/duration.js";
import type { Endpoint } from "../src/choose/endpoint.js";
import { readPolicy } from "../src/choose/policy.js";
import { Numbers, endpoint, instance, known, near, run, type Vector } from "./support/vectors.js";

const ANYTHING: Ask = {
  selector: undefined,
  zone: undefined,
  region: undefined,
  headers: undefined,
  hashKey: undefined,
  tried: undefined,
};

run("least-request.json", ["candidates", "random", "picked"], ({ candidates, random, picked }) => {
  const numbers = new Numbers(random);
  const decider = new Decider(numbers);
  decider.setPolicy(readPolicy({ balancer: { kind: "least_request" } }));
  const listed = candidates.map((one: Vector, index: number) => {
    known(one, ["in_flight", "weight"]);
    return instance({ id: `i${String(index).padStart(4, "0")}`, weight: one["weight"] });
  });
  decider.update(listed, false, 0);
  for (const [index, { in_flight: inFlight }] of candidates.entries()) {
    decider.members.endpoints[index]!.inFlight = inFlight;
  }
  assert.equal(decider.choose(ANYTHING, 0), decider.members.endpoints[picked]);
  numbers.end();
});

run("peak-ewma.json", ["decay", "steps"], ({ decay, steps }) => {
  const costs = new PeakEwma(parseDuration(decay));
  const endpoints = new Map<string, Endpoint>();
  for (const step of steps) {
    takeStep(costs, endpoints, step);
  }
});

function takeStep(costs: PeakEwma, endpoints: Map<string, Endpoint>, step: Vector): void {
  const one = (id: string): Endpoint => {
    const found = endpoints.get(id) ?? endpoint({ id });
    endpoints.set(id, found);
    return found;
  };
  const at: number = step["at"];
  switch (step["do"]) {
    case "observe":
    case "fail": {
      known(step, ["do", "id", "at", "rtt", "cost", "stamp"]);
      const observed = one(step["id"]);
      if (step["do"] === "fail") {
        costs.fail(observed, step["rtt"], at);
      } else {
        costs.observe(observed, step["rtt"], at);
      }
      near(observed.cost, step["cost"]);
      assert.equal(observed.stamp, step["stamp"]);
      return;
    }
    case "load": {
      known(step, ["do", "id", "at", "in_flight", "weight", "load"]);
      const read = one(step["id"]);
      read.inFlight = step["in_flight"];
      near(costs.load(read, step["weight"], at), step["load"]);
      return;
    }
    case "gone":
      known(step, ["do", "id"]);
      endpoints.delete(step["id"]);
      costs.retain((kept) => endpoints.get(kept.instance.id) === kept);
      return;
    case "pick":
      known(step, ["do", "at", "candidates", "random", "picked"]);
      pick(costs, step, one);
      return;
    default:
      assert.fail(`unknown step ${step["do"]}`);
  }
}

function pick(costs: PeakEwma, step: Vector, one: (id: string) => Endpoint): void {
  const numbers = new Numbers(step["random"]);
  const candidates: Vector[] = step["candidates"];
  const { first, second } = new TwoIndices().draw(candidates.length, numbers);
  const [firstLoad, secondLoad] = [first, second].map((index) => {
    const candidate = candidates[index]!;
    known(candidate, ["id", "in_flight", "weight"]);
    const drawn = one(candidate["id"]);
    drawn.inFlight = candidate["in_flight"];
    return costs.load(drawn, candidate["weight"], step["at"]);
  });
  assert.equal(candidates[firstLoad! <= secondLoad! ? first : second]!["id"], step["picked"]);
  numbers.end();
}
