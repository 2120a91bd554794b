import JSON

/// Shapes of what people are told: services, incidents, status pages, channels, notifications, live changes, public pages.
enum TellingShapes {
  static let components: [(String, Schema)] = []

  static func shape(_ operation: APIOperation) -> OperationShape {
    OperationShape(operation.rawValue, tag: "telling")
  }
}
