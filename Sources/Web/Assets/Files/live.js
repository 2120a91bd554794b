// Makes pages live.
