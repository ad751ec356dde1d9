// The seven words of the rail; `open` ones are all that 群众大字版 shows.
export const RAIL = [
  { to: "/", word: "今天", icon: "today", open: false },
  { to: "/ask", word: "问一问", icon: "ask", open: true },
  { to: "/items", word: "事项", icon: "items", open: true },
  { to: "/records", word: "办件", icon: "records", open: false },
  { to: "/call", word: "呼叫客服", icon: "call", open: false },
  { to: "/rate", word: "评价", icon: "rate", open: true },
  { to: "/device", word: "本机", icon: "device", open: false },
] as const;
