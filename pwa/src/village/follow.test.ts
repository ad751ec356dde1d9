import { expect, test } from "vitest";
import { followAddress, spelled } from "./follow";

test("the address of a receipt keeps number and secret where no server sees them", () => {
  const address = new URL(followAddress("https://jiujinban.example", "NJ53330100120261123AB0001", "ABCD2345"));
  expect(address.pathname + address.search).toBe("/follow");
  expect(address.hash).toBe("#NJ53330100120261123AB0001-ABCD2345");
});

test("a secret is spelled in two halves", () => {
  expect(spelled("ABCD2345")).toBe("ABCD-2345");
});
