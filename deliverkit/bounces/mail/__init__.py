"""Reading one whole mail: its parts, the forms of reports that mail systems write, and what is no report at all."""
