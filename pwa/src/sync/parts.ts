// Downloads under way as files in the origin's private file system; only in a worker (sync access handles).
import { engineProblem } from "../store/db";
import { problem } from "../kit/problems";
import type { Part } from "./packs";

const FOLDER = "jjb-downloads";

class FilePart implements Part {
  constructor(
    private readonly handle: FileSystemSyncAccessHandle,
    private readonly folder: FileSystemDirectoryHandle,
    private readonly name: string,
  ) {}

  size(): number {
    return this.handle.getSize();
  }

  append(data: Uint8Array): void {
    const at = this.handle.getSize();
    try {
      if (this.handle.write(new Uint8Array(data), { at }) < data.byteLength) throw problem("storage.full");
      this.handle.flush();
    } catch (error) {
      this.handle.truncate(at);
      throw (error as Error).name === "QuotaExceededError" ? problem("storage.full") : engineProblem(error);
    }
  }

  read(from: number, to: number): Uint8Array {
    const data = new Uint8Array(to - from);
    this.handle.read(data, { at: from });
    return data;
  }

  truncate(size: number): void {
    this.handle.truncate(size);
    this.handle.flush();
  }

  close(): void {
    this.handle.close();
  }

  async remove(): Promise<void> {
    this.handle.close();
    await this.folder.removeEntry(this.name);
  }
}

/** Opens the file of one pack, going on where an earlier page stopped; forgets the files of other packs in that folder. */
export async function openPart(sha256: string, within = FOLDER): Promise<Part> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(within, { create: true });
  const name = `${sha256}.part`;
  for await (const other of folder.keys()) if (other !== name) await folder.removeEntry(other);
  const file = await folder.getFileHandle(name, { create: true });
  return new FilePart(await file.createSyncAccessHandle(), folder, name);
}
