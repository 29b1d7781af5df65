-- The public timeline shows originals only and reads them by `posts_open`; the code before it read this.
DROP INDEX posts_public;
