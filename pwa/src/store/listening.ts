// What the store does with recordings, apart from the rest: it is loaded when the first of them may be fetched.
import { ROOM } from "../sync/choosing";
import { Recordings } from "../sync/recordings";
import type { Runner, World } from "../sync/runner";
import type { Media } from "./media";
import type { MediaStatus } from "./types";
import type { Disk } from "./village";

/** The fetching of recordings beside the rounds of a runner. */
export function fetching(media: Media, world: World, disk: Disk, runner: Runner, region: () => string): Recordings {
  const { random, fetcher, openPart, calling, changed } = world;
  const free = async (): Promise<number | null> => (await disk.quota())?.free ?? null;
  const busy = (): boolean => runner.syncing || runner.carrying === "sending";
  return new Recordings({ random, fetcher, openPart, calling, changed, free, busy, region }, media);
}

/** What a screen says of recordings. */
export function mediaStatus(media: Media | null, fetching: Recordings | null, region: string): MediaStatus {
  const languages = media?.languages(region) ?? [];
  const used = media?.used() ?? { files: 0, bytes: 0 };
  return {
    release: media?.held()?.release ?? null,
    by_region: media?.choice === null,
    paused: media?.paused ?? false,
    languages,
    files: used.files,
    bytes: used.bytes,
    most: ROOM,
    over: fetching?.over ?? 0,
    state: fetching?.state ?? "idle",
    progress: fetching?.progress ?? null,
  };
}
