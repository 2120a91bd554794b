enum ServicePages {
  static let routes: [PageRoute] = []
}
