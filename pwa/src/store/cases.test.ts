// The same materials have come as at the centre.
import { expect, test } from "vitest";
import vectors from "../../../tests/vectors/brought.json";
import { brought } from "./cases";

const listed = (rows: (string | boolean)[][]): { name: string; have: boolean }[] => rows.map(([name, have]) => ({ name: String(name), have: have === true }));

test.each(vectors.rows)("$name", ({ before, now, after }) => expect(brought(listed(before), listed(now))).toEqual(listed(after)));
