variable "region" {
  description = "Region of the function and the buckets, such as ap-guangzhou"
  type        = string
}

variable "function" {
  description = "Name of the function"
  type        = string
  default     = "cos-thumbnailer"
}

variable "namespace" {
  description = "Namespace of the function, which must exist"
  type        = string
  default     = "default"
}

variable "role" {
  description = "Name of role and policy; by default <function>-<region>"
  type        = string
  default     = null
}

variable "memory" {
  description = "Memory in MB: 64, or 128 to 3072 in steps of 128"
  type        = number
  default     = 512
  validation {
    condition     = var.memory == 64 || (var.memory >= 128 && var.memory <= 3072 && var.memory % 128 == 0)
    error_message = "The memory must be 64, or 128 to 3072 in steps of 128."
  }
}

variable "timeout" {
  description = "Time limit of one event in seconds, 1 to 900"
  type        = number
  default     = 30
  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "The timeout must be 1 to 900 seconds."
  }
}

variable "retries" {
  description = "Retries of a failed event"
  type        = number
  default     = 2
}

variable "keep_events" {
  description = "Time for which unprocessed events are kept, in seconds, 1 to 21600"
  type        = number
  default     = 21600
  validation {
    condition     = var.keep_events >= 1 && var.keep_events <= 21600
    error_message = "Events can be kept for 1 to 21600 seconds."
  }
}

variable "sync_function" {
  description = "Name of the function for cos-thumbnailer sync; without it there is none"
  type        = string
  default     = null
}

variable "sync_memory" {
  description = "Its memory in MB; by default that of the other function"
  type        = number
  default     = null
}

variable "sync_timeout" {
  description = "Time limit of one of its events, which have many records, in seconds, 1 to 900"
  type        = number
  default     = 300
  validation {
    condition     = var.sync_timeout >= 1 && var.sync_timeout <= 900
    error_message = "The timeout must be 1 to 900 seconds."
  }
}

variable "sync_concurrency" {
  description = "Concurrency in MB that is reserved for it, and its limit; taken from what other functions share"
  type        = number
  default     = 12800
}

variable "environment" {
  description = "Environment variables of the function, see docs/configuration.md; without keys, because the function has a role"
  type        = map(string)
  default     = {}
}

variable "zip" {
  description = "Zip built by scripts/package"
  type        = string
  default     = "../../dist/cos-thumbnailer.zip"
}

variable "policy_file" {
  description = "Output of cos-thumbnailer policy with the same environment"
  type        = string
  default     = "policy.json"
}

variable "triggers_file" {
  description = "Output of cos-thumbnailer triggers with the same environment"
  type        = string
  default     = "triggers.json"
}
