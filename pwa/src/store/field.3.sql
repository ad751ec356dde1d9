-- Step 3: the whole picture that a page was cut from, sealed; it goes with the page when the centre has it.
ALTER TABLE file_content ADD COLUMN original BLOB;
