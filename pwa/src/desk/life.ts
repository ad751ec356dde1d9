// What an agent does with a talk beyond its messages, and what the desk calls things (remote/PROTOCOL.md, life).
import type { Colleague, Guest, Summary } from "./api";

export const SEATS = { free: "空闲", busy: "忙", break: "小休", off: "离线" } as const;
export type SeatState = keyof typeof SEATS;
export const MODES: Record<string, string> = { asked: "已邀请，还没进来", listen: "旁听", whisper: "耳语", join: "一起说", away: "村里请离开了" };
export const ROLES: Record<string, string> = { agent: "坐席", lead: "班长", officer: "部门经办" };

/** "空闲，1 个通话" */
export function standing(one: Colleague): string {
  const state = one.role === "officer" ? "在线" : SEATS[one.state];
  return one.load > 0 ? `${state}，${one.load} 个通话` : state;
}

/** Who may take a talk over: agents and leads who are not away. */
export const takers = (seats: readonly Colleague[]): Colleague[] => seats.filter((one) => !one.me && one.role !== "officer" && one.state !== "off");

/** Whom one may ask in: everybody here who is not in the talk already and was not sent away. */
export function askable(seats: readonly Colleague[], talk: Summary): Colleague[] {
  const inside = new Set(talk.guests.map((one) => one.person));
  return seats.filter((one) => !one.me && !inside.has(one.id));
}

export const guestWords = (one: Guest): string => `${one.name}（${MODES[one.mode] ?? one.mode}）`;
