-- Step 4: a person may stop the upload of one paper; it stays here until somebody lets it go on.
ALTER TABLE file ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;
