export function MapView() { return <p />; }
