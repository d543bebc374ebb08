export default function QueryPlace() {
  return <main className="place" />;
}
