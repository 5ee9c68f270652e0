/** Of the folder { a.txt: "hello\n", b/c.txt: "world\n" }, by `model_signing sign key` of model-signing 1.1.1 (PyPI). */
export const OPENSSF_SIGNATURE = `{
  "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
  "verificationMaterial": {
    "publicKey": {
      "hint": "5e30b62e320fceb859b4f1e33f2df2f079d826359a8d190339bdf0e616e9ed5e"
    },
    "tlogEntries": []
  },
  "dsseEnvelope": {
    "payload": "ewogICJfdHlwZSI6ICJodHRwczovL2luLXRvdG8uaW8vU3RhdGVtZW50L3YxIiwKICAic3ViamVjdCI6IFsKICAgIHsKICAgICAgIm5hbWUiOiAidGhpbmciLAogICAgICAiZGlnZXN0IjogewogICAgICAgICJzaGEyNTYiOiAiOTZjYjgwNThlZDU4YjU4ZjhmYzBhZDQ1OWJhY2Y4MTEwODU5OWI0MDNlOTE2NzQ0NjBjY2IwODlmOGViYjlkYiIKICAgICAgfQogICAgfQogIF0sCiAgInByZWRpY2F0ZVR5cGUiOiAiaHR0cHM6Ly9tb2RlbF9zaWduaW5nL3NpZ25hdHVyZS92MS4wIiwKICAicHJlZGljYXRlIjogewogICAgInNlcmlhbGl6YXRpb24iOiB7CiAgICAgICJtZXRob2QiOiAiZmlsZXMiLAogICAgICAiYWxsb3dfc3ltbGlua3MiOiBmYWxzZSwKICAgICAgImhhc2hfdHlwZSI6ICJzaGEyNTYiLAogICAgICAiaWdub3JlX3BhdGhzIjogWwogICAgICAgICIuZ2l0YXR0cmlidXRlcyIsCiAgICAgICAgIi5naXRodWIiLAogICAgICAgICJtb2RlbC5zaWciLAogICAgICAgICIuZ2l0aWdub3JlIiwKICAgICAgICAiLmdpdCIKICAgICAgXQogICAgfSwKICAgICJyZXNvdXJjZXMiOiBbCiAgICAgIHsKICAgICAgICAiYWxnb3JpdGhtIjogInNoYTI1NiIsCiAgICAgICAgIm5hbWUiOiAiYS50eHQiLAogICAgICAgICJkaWdlc3QiOiAiNTg5MWI1YjUyMmQ1ZGYwODZkMGZmMGIxMTBmYmQ5ZDIxYmI0ZmM3MTYzYWYzNGQwODI4NmEyZTg0NmY2YmUwMyIKICAgICAgfSwKICAgICAgewogICAgICAgICJhbGdvcml0aG0iOiAic2hhMjU2IiwKICAgICAgICAibmFtZSI6ICJiL2MudHh0IiwKICAgICAgICAiZGlnZXN0IjogImUyNThkMjQ4ZmRhOTRjNjM3NTM2MDdmN2M0NDk0ZWUwZmNiZTkyZjFhNzZiZmRhYzc5NWM5ZDg0MTAxZWIzMTciCiAgICAgIH0KICAgIF0KICB9Cn0=",
    "payloadType": "application/vnd.in-toto+json",
    "signatures": [
      {
        "sig": "MEUCIArUwKiIm3BtXjNND8DQZYgDc5BpbqPZ6VpTRSi4JFauAiEAzcYct7Xy5qxH/pZnN+iuVP2YEY0YJCVAku1h2lLru8I=",
        "keyid": ""
      }
    ]
  }
}`;

export const OPENSSF_PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwNPI0UkQeA0GOxq0fnQgjXdeYynO
Z9poPv6t/QK1TcBbDfK7MXnhgLrIH0scfqASeJ6B1OB8Dcy2vcoINk/MoQ==
-----END PUBLIC KEY-----
`;
