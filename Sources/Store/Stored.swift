import SQLite

/// Names for callers that draw rows of their own: a module cannot qualify these by `Store`, which is also a type.
public typealias StoredMonitor = MonitorRow
public typealias StoredResult = ResultRow
public typealias StoredIncident = IncidentRow
/// What a closure given to `Store.read` and `Store.write` gets, for callers that hand it on.
public typealias StoreConnection = Connection
