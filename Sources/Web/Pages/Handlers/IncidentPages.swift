enum IncidentPages {
  static let routes: [PageRoute] = []
}
