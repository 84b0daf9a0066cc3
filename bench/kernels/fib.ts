// Calls and nothing else.
export function run(n: i32): f64 {
  return <f64>fib(n);
}
function fib(n: i32): i32 {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
