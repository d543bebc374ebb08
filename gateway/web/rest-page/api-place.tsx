export default function ApiPlace() {
  return <main className="place" />;
}
