/// Names for callers that draw rows of their own: a module cannot qualify these by `Store`, which is also a type.
public typealias StoredMonitor = MonitorRow
public typealias StoredResult = ResultRow
