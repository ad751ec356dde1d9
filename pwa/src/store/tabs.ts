// How the windows of this page talk to the one worker that owns the files: frames on a BroadcastChannel.
// A call carries an id; the owner answers a repeated id with the answer it gave before.
import type { ProblemWire } from "../kit/problems";
import type { Status } from "./types";

export const CHANNEL = "jjb-store-1";
export const LOCK = "jjb-store-owner";
export const CALL_LOCK = "jjb-call"; // held by a window while a call runs: papers wait for its end

export type Frame =
  | { kind: "call"; id: string; method: string; args: unknown[] }
  | { kind: "reply"; id: string; value: unknown }
  | { kind: "failed"; id: string; problem: ProblemWire }
  | { kind: "working"; id: string } // the owner has the call: no need to lose patience
  | { kind: "hello" } // a window opened: who is the owner?
  | { kind: "owner"; owner: string } // this worker has the files; calls without an answer are to be sent again
  | { kind: "stuck"; problem: ProblemWire } // the owner could not open the files
  | { kind: "status"; status: Status }
  | { kind: "poke" }; // the window is looked at again
