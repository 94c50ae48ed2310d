"""Where the floors are wired and things happen: files read, records appended, pages written."""
