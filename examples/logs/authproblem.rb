# Script for Logstash's ruby filter: adds [authproblem] to failures of Okta and Auth0.
# The rules are those of `python -m authproblem registry --format csv`; the first that fits an event counts.

require "csv"

MOST = 8192

def pattern(text)
  return nil if text == "*"
  /\A#{text.downcase.split("*", -1).map { |part| Regexp.escape(part) }.join(".*")}\z/m
end

def register(params)
  @cache = {}
  @rules = CSV.read(params["table"], headers: true).map do |row|
    { provider: row["provider"], patterns: %w[event_type result reason].map { |name| pattern(row[name]) },
      fields: %w[problem owner remedy attack severity].to_h { |name| [name, row[name].to_s] } }
  end
end

def find(provider, *values)
  key = [provider, *values]
  @cache.clear if @cache.size >= MOST
  @cache[key] = @rules.find do |rule|
    rule[:provider] == provider && rule[:patterns].zip(values).all? { |pattern, value| pattern.nil? || pattern.match?(value) }
  end unless @cache.key?(key)
  @cache[key]
end

def text(value)
  value.is_a?(String) ? value[0, 512].downcase : ""
end

def filter(event)
  if event.get("eventType").is_a?(String)
    rule = find("okta", text(event.get("eventType")), text(event.get("[outcome][result]")), text(event.get("[outcome][reason]")))
  else
    root = event.get("[data][type]").is_a?(String) ? "[data]" : ""
    kind = event.get(root.empty? ? "type" : "#{root}[type]")
    error = event.get("#{root}[details][error]")
    message = error.is_a?(Hash) ? error["message"] : error
    said = [text(message), text(event.get(root.empty? ? "description" : "#{root}[description]"))]
    rule = kind.is_a?(String) ? find("auth0", text(kind), "", said.reject(&:empty?).join(" ")) : nil
  end
  return [event] if rule.nil? || rule[:fields]["problem"].empty?
  fields = rule[:fields].reject { |_, value| value.empty? }
  fields["reason"] = fields.delete("problem")
  event.set("authproblem", fields)
  [event]
end
