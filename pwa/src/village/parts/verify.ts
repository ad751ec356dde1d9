// Names of fields that a local department must confirm; words already in Chinese pass through.
const FIELDS: Record<string, string> = {
  promised_limit: "承诺时限",
  statutory_limit: "法定时限",
  place: "办理地点",
  fee: "收费",
  materials: "材料",
  conditions: "条件",
  steps: "步骤",
  result: "办理结果",
  cross_region: "通办范围",
  site_visits: "跑动次数",
  legal_basis: "依据",
  applicants: "办理对象",
  department: "办理部门",
  levels: "办理层级",
};

export function fieldWords(fields: readonly string[]): string {
  return fields.map((field) => FIELDS[field] ?? field).join("、");
}
