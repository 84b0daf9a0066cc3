// The standard library's strings: concatenation, search, split, case.
export function run(rounds: i32): f64 {
  let total = 0;
  for (let r = 0; r < rounds; r++) {
    let text = "";
    for (let i = 0; i < 40; i++) text += "word" + i.toString() + ",";
    const parts = text.split(",");
    for (let i = 0; i < parts.length; i++) total += parts[i].toUpperCase().indexOf("D") + parts[i].length;
    total += text.replaceAll("word", "w").length + text.lastIndexOf("word3");
    __collect();
  }
  return total;
}
